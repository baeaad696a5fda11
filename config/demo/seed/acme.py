"""What customers of Loja Acme, a shop for the home, wrote in the last days."""

from config.demo.seed.acme_long import KITCHEN
from config.demo.seed.talk import DAY, HOUR, MINUTE, Talk

TALKS = [
    Talk(
        "Mariana Souza",
        "5511988412203",
        2 * MINUTE,
        """
        < Oi, bom dia! A luminária Aurora ainda tem na cor areia?
        > Oi, Mariana, bom dia! Tem sim, restam 3 peças na loja dos Jardins 😊
        < Ai que ótimo
        < Consegue separar uma pra mim até sexta?
        < Passo depois do trabalho, lá pelas 18h30
        """,
        unread=2,
    ),
    Talk(
        "Rafael Oliveira",
        "5511976630154",
        9 * MINUTE,
        """
        < Boa tarde, meu pedido 48213 saiu pra entrega ontem e até agora nada
        > Boa tarde, Rafael! Vou olhar com a transportadora agora mesmo.
        > Está na rota de hoje, previsão até as 16h. O entregador leva o código de conferência.
        < Beleza, obrigado pelo retorno rápido
        > Imagina! Qualquer coisa me chama por aqui.
        """,
        tick="DELIVERED",
    ),
    Talk(
        "Juliana Ferreira",
        "5521995517782",
        24 * MINUTE,
        """
        < Olá! Comprei o jogo de jantar de 20 peças e uma tigela veio trincada
        <[image:bowl] Dá pra ver o trinco aqui na borda
        > Poxa, Juliana, sinto muito! Já abri a troca, você não paga nada.
        > Mando a tigela nova amanhã. Pode deixar a trincada na portaria, por favor?
        < Posso sim, muito obrigada pela atenção!
        """,
        unread=1,
    ),
    KITCHEN,
    Talk(
        "Lucas Almeida",
        "551187654410",
        HOUR + 12 * MINUTE,
        """
        < Vocês fazem entrega em Osasco no sábado?
        <[interactive:button] Entrega no sábado
        > Fazemos! Sábado é das 8h às 14h, o frete pra Osasco fica R$ 29,90.
        < Fechou então, vou finalizar pelo site
        > Perfeito, Lucas. Usa o cupom CASA5 que dá 5% 😉 {them ❤️}
        """,
    ),
    Talk(
        "Beatriz Lima 🌻",
        "5511994207731",
        2 * HOUR,
        """
        <[audio]
        > Oi, Bia! Ouvi aqui: a cortina de linho tem em 2,60 m de altura, sim.
        > Quer que eu mande as fotos das três cores?
        < Quero!!
        """,
        unread=1,
    ),
    Talk(
        "Carlos Eduardo Martins",
        "5519981145520",
        3 * HOUR,
        """
        < Bom dia. Preciso da nota fiscal da compra do dia 3 em nome da empresa
        > Bom dia, Carlos! Me passa o CNPJ, por favor?
        <[document] cartao-cnpj.pdf
        > Recebido. Sai até o fim do dia no seu e-mail.
        """,
        tick="SENT",
    ),
    Talk(
        "Patrícia Gomes",
        "5511973308846",
        5 * HOUR,
        """
        < Oi, quanto fica o tapete Trama 2x3?
        > Oi, Patrícia! Está R$ 1.190 à vista ou 6x de R$ 205 sem juros.
        < Tem foto dele num ambiente?
        > Tenho! Esse é o da nossa vitrine. Fica lindo com sofá claro.
        < Lindo mesmo. Vou medir a sala e te falo
        """,
    ),
    Talk(
        "Thiago Ribeiro",
        "5511986600917",
        7 * HOUR,
        """
        < Vocês consertam cadeira que compramos aí? A perna ficou bamba
        > Oi, Thiago! Consertamos, sim, está na garantia. Pode trazer em qualquer loja.
        <[location] Rua Augusta, 1508, São Paulo
        < Essa aqui é a mais perto de mim, pode ser nela?
        > Pode! Fala com o Beto, ele já vai estar sabendo.
        """,
        tick="DELIVERED",
    ),
    Talk(
        "Fernanda Rocha",
        "5531987741029",
        20 * HOUR + 30 * MINUTE,
        """
        < Boa noite, o prazo pra BH é de quantos dias?
        > Boa noite, Fernanda! Pra Belo Horizonte são 5 dias úteis.
        < E se eu comprar hoje chega antes do dia 20?
        """,
        unread=1,
    ),
    Talk(
        "André Nascimento",
        "5511964483370",
        23 * HOUR + 10 * MINUTE,
        """
        < Oi, tudo bem? Queria saber se montam a estante
        > Tudo ótimo, André! A montagem é grátis na Grande São Paulo.
        < Show. Pode agendar pra quinta de manhã?
        """,
    ),
    Talk(
        "Camila Duarte",
        "5511951192284",
        22 * HOUR,
        """
        < Amei a almofada, mas o zíper veio emperrado 😕
        > Ah não! Troco na hora, Camila. Prefere outra igual ou o valor de volta?
        < Outra igual, por favor
        > Combinado! Já reservei a sua.
        """,
        is_closed=True,
    ),
    Talk(
        "Gustavo Henrique Barbosa de Albuquerque Cavalcanti e Vasconcelos Neto",
        "5581999302217",
        DAY + 3 * HOUR,
        """
        < Boa tarde! Vocês enviam para o Recife?
        > Boa tarde! Enviamos para todo o Brasil.
        < Perfeito. Então quero dois abajures Lua e um espelho redondo de 80 cm, por gentileza
        > Maravilha! O total com frete fica R$ 1.347,80. Posso gerar o link de pagamento?
        < Pode gerar
        > Link enviado por e-mail, vale por 24 horas.
        """,
    ),
    Talk(
        "Larissa Pinto",
        "5511942278813",
        DAY + 6 * HOUR,
        """
        < Oi! Meu pix foi duas vezes na mesma compra
        <[image:receipt] Segue o comprovante
        > Oi, Larissa, já vi aqui. O segundo foi estornado agora, cai em até 1 dia.
        < Caiu! Obrigada ❤️
        """,
        is_closed=True,
    ),
    Talk(
        "Rodrigo Teixeira",
        "5511938804471",
        DAY + 9 * HOUR,
        """
        < O sofá Nuvem tem pronta entrega?
        > Oi, Rodrigo! O cinza tem, o verde leva 30 dias.
        > Conseguiu falar com a sua esposa sobre a cor?
        """,
        tick="FAILED",
        error_code=131026,
    ),
    Talk(
        "Aline Moreira",
        "5541988213346",
        2 * DAY,
        """
        < Bom dia, queria trocar o tamanho da colcha, ainda está no prazo?
        > Bom dia, Aline! Está sim, são 30 dias. É só trazer com a etiqueta.
        < Maravilha, passo aí amanhã
        ---
        ---
        > Oi, Aline! Conseguiu passar na loja?
        """,
        tick="FAILED",
        error_code=131047,
    ),
    Talk(
        "Bruno Carvalho",
        "5511927756609",
        2 * DAY + 4 * HOUR,
        """
        < Vocês têm loja física na zona norte?
        > Temos, no Santana Parque Shopping, piso L2.
        <[sticker]
        """,
    ),
    Talk(
        "Vanessa Castro",
        "5511916643305",
        2 * DAY + 7 * HOUR,
        """
        < Oi, meu presente de casamento vai chegar até sábado? É pra Campinas
        > Oi, Vanessa! Vai, sim, sai hoje daqui. Quer incluir um cartão?
        < Quero! Escreve: "Com carinho, da tia Vanessa"
        > Feito 💌
        """,
        tick="UNCONFIRMED",
    ),
    Talk(
        "Felipe Araújo",
        "5511905538812",
        3 * DAY,
        """
        < Bom dia, sou arquiteto. Vocês têm desconto para profissional?
        > Bom dia, Felipe! Temos: 12% em qualquer compra, mais 3% de reserva técnica.
        <[contacts] Estúdio Vértice
        < Esse é o contato do meu escritório, pode cadastrar por ele
        > Cadastro feito, seja bem-vindo!
        """,
        saved_as="Felipe Araújo (arquiteto)",
    ),
    Talk(
        "محمد الخطيب",
        "5511994430098",
        3 * DAY + 5 * HOUR,
        """
        < مرحبا، هل لديكم سجاد بمقاس ٣ في ٤؟
        < Desculpa, português é difícil. Tapete 3 por 4, tem?
        > Oi! Tem sim, em quatro estampas. Posso mandar as fotos?
        < Por favor, obrigado!
        > Enviei para o seu e-mail com os preços. Fico à disposição!
        """,
        tick="READ",
    ),
    Talk(
        "Sandra Regina",
        "5511983371146",
        4 * DAY,
        """
        < Boa tarde. O entregador deixou a caixa molhada na chuva
        <[video] Olha como chegou
        > Boa tarde, dona Sandra. Peço desculpas! Já pedi a reposição completa.
        < Agradeço. Quando chega?
        > Na segunda, das 9h às 12h.
        """,
        tick="DELIVERED",
        is_closed=True,
    ),
    Talk(
        "Diego Fonseca",
        "5493515551204",
        4 * DAY + 8 * HOUR,
        """
        < Hola, ¿hacen envíos a Córdoba?
        > Olá, Diego! Por enquanto só no Brasil, mas em março começamos na Argentina.
        < ¡Genial, espero novedades!
        """,
    ),
    Talk(
        "Priscila Antunes",
        "5511972269931",
        5 * DAY,
        """
        <[order] 3 itens do catálogo
        > Recebi o pedido, Priscila! Confirma a entrega na Rua Harmonia, 210?
        <[button] Confirmar
        > Confirmado, obrigada pela preferência!
        """,
    ),
    Talk(
        "Wagner Lopes",
        "5511961158820",
        6 * DAY,
        """
        <[unsupported]
        > Oi, Wagner! Não consegui abrir o que você mandou. Pode escrever por aqui?
        < Era uma enquete kkk deixa. O puff azul voltou?
        > Voltou hoje! Separei um no seu nome até domingo.
        """,
        tick="ACCEPTED",
    ),
    Talk(
        "Tatiane Mendes",
        "5511950047719",
        6 * DAY + 10 * HOUR,
        """
        < Oi, o código de rastreio não funciona
        > Oi, Tatiane! Ele ativa em até 24 horas depois da postagem.
        < Ah, entendi. Obrigada!
        """,
        is_closed=True,
    ),
]
