"""What patients of Clínica Globex wrote in the last days."""

from config.demo.seed.talk import DAY, HOUR, MINUTE, Talk

TALKS = [
    Talk(
        "Helena Barros",
        "5521988130047",
        3 * MINUTE,
        """
        < Bom dia! Gostaria de marcar uma consulta com a dra. Sílvia
        > Bom dia, Helena! A dra. Sílvia atende às terças e quintas. Prefere manhã ou tarde?
        < Manhã, de preferência cedo
        > Tenho quinta às 8h20. Pode ser?
        < Pode sim!
        < Precisa levar algum exame?
        """,
        unread=2,
    ),
    Talk(
        "Otávio Ramos",
        "5521976625518",
        15 * MINUTE,
        """
        < Oi, o resultado do meu hemograma já saiu?
        > Oi, Otávio! Saiu agora há pouco. Está no portal do paciente.
        < Consegui ver, obrigado
        > Por nada! O dr. Paulo comenta tudo com você na consulta de sexta. {them 🙏}
        """,
        tick="READ",
    ),
    Talk(
        "Cláudia Menezes",
        "5521965514433",
        33 * MINUTE,
        """
        < Boa tarde, vocês aceitam o plano Saúde Viva?
        > Boa tarde, Cláudia! Aceitamos, sim, nas categorias Ouro e Prata.
        < O meu é Prata {was O meu é Ouro}
        <[image:receipt] Foto da carteirinha
        > Ótimo, cobre a consulta e o ultrassom.
        """,
        tick="DELIVERED",
    ),
    Talk(
        "Sérgio Paiva",
        "552187543302",
        HOUR,
        """
        < Estou atrasado uns 10 minutos, tudo bem? Trânsito na Lagoa
        > Sem problema, Sérgio, avisei a doutora.
        <[location] Av. Epitácio Pessoa, Rio de Janeiro
        < Estou aqui ainda 😩
        """,
        unread=2,
    ),
    Talk(
        "Renata Vilela",
        "5521954403327",
        2 * HOUR + 20 * MINUTE,
        """
        < Oi! Preciso remarcar a limpeza de amanhã
        > Oi, Renata! Temos segunda às 10h ou quarta às 16h40.
        < Quarta é perfeito {quotes 1}
        > Remarcado para quarta às 16h40. Até lá!
        """,
        tick="SENT",
    ),
    Talk(
        "João Batista",
        "5521943392216",
        4 * HOUR,
        """
        <[audio]
        > Seu João, ouvi o áudio. O remédio é um comprimido à noite, depois do jantar.
        < Obrigado minha filha, Deus abençoe
        > Amém, seu João! Melhoras 🙏 {quotes 1}
        >[audio]
        """,
        tick="PLAYED",
    ),
    Talk(
        "Ana Clara Dias 🦷",
        "5521932281105",
        6 * HOUR,
        """
        < Meu aparelho soltou um bráquete comendo pipoca 🤦‍♀️
        > Acontece, Ana Clara! Está machucando?
        <[image:bowl] Olha {revoked}
        < Um pouco na bochecha {us 😟}
        > Põe um pouquinho da cera que demos e vem amanhã às 9h, encaixo você.
        < Vou sim!!
        """,
        unread=1,
    ),
    Talk(
        "Marcos Vinícius Prado",
        "5521921170094",
        8 * HOUR,
        """
        < Boa noite. Segue o pedido do cardiologista
        <[document] pedido-ecocardiograma.pdf
        > Boa noite, Marcos! Recebido. O preparo: nada de café 2 horas antes.
        < Anotado
        > Até sábado, às 7h40.
        """,
        tick="DELIVERED",
    ),
    Talk(
        "Isabela Coutinho",
        "5521910069983",
        21 * HOUR,
        """
        < A vacina da gripe já chegou?
        > Chegou ontem, Isabela! Não precisa marcar, é por ordem de chegada.
        < Posso levar meu filho de 4 anos também?
        """,
        unread=1,
    ),
    Talk(
        "Leandro Siqueira",
        "5521998858872",
        23 * HOUR + 20 * MINUTE,
        """
        < Preciso de um atestado da consulta de ontem
        > Claro, Leandro. Mando em PDF por e-mail, pode ser?
        < Pode, mas tem que ter o CID
        """,
    ),
    Talk(
        "Maria Aparecida do Espírito Santo Gonçalves de Oliveira e Figueiredo Sobrinha",
        "5521987747761",
        DAY + 2 * HOUR,
        """
        < Boa tarde, é a primeira vez que vou aí. Qual é o endereço?
        > Boa tarde! Rua Visconde de Pirajá, 330, sala 804. Tem metrô na porta.
        < Tem estacionamento?
        > Tem no prédio, a primeira hora é por nossa conta.
        < Ótimo, até amanhã
        """,
    ),
    Talk(
        "Pedro Augusto",
        "5521976636650",
        DAY + 5 * HOUR,
        """
        < Meu reembolso foi negado, pode me mandar a nota com o carimbo?
        > Oi, Pedro! Mandei agora no seu e-mail, com carimbo e assinatura.
        < Chegou, obrigado!
        """,
        is_closed=True,
    ),
    Talk(
        "Simone Freitas",
        "5521965525549",
        DAY + 7 * HOUR,
        """
        < Oi, a fisioterapia de hoje está confirmada?
        > Oi, Simone! Confirmada, às 18h, com o Rodrigo.
        > Lembrando: amanhã também tem sessão, no mesmo horário.
        """,
        tick="FAILED",
        error_code=131026,
    ),
    Talk(
        "Antônio Carlos Reis",
        "5521954414438",
        2 * DAY,
        """
        < Bom dia, quanto custa a consulta particular com o ortopedista?
        > Bom dia, Antônio! R$ 420, com retorno em até 30 dias.
        < Vou pensar, obrigado
        ---
        ---
        > Oi, Antônio! Abriu uma vaga com o dr. Fábio esta semana. Tem interesse?
        """,
        tick="FAILED",
        error_code=131047,
    ),
    Talk(
        "Luciana Prates",
        "5521943303327",
        2 * DAY + 3 * HOUR,
        """
        < Minha mãe fez a cirurgia e está com um pouco de febre, 37,8
        > Luciana, passei para a enfermeira Rosa, ela te liga em 5 minutos.
        < Ela ligou, ficamos mais tranquilas. Obrigada mesmo
        > Que bom! Qualquer coisa, a qualquer hora.
        """,
        saved_as="Luciana (filha da dona Ivone)",
    ),
    Talk(
        "Daniel Moura",
        "5521932292216",
        2 * DAY + 8 * HOUR,
        """
        < Vocês fazem exame admissional?
        > Fazemos, Daniel, de segunda a sexta, das 7h às 11h.
        <[sticker]
        """,
    ),
    Talk(
        "يوسف حداد",
        "5521921181105",
        3 * DAY,
        """
        < صباح الخير، أريد موعدًا مع طبيب الأسنان
        > Bom dia! Temos quarta às 11h. O dr. Samir fala árabe 🙂
        < شكرا جزيلا! Quarta está bom
        > Marcado. Até quarta!
        """,
    ),
    Talk(
        "Gabriela Nunes",
        "5521910070094",
        3 * DAY + 4 * HOUR,
        """
        < Fiz o clareamento ontem e o dente está sensível
        > É comum nos dois primeiros dias, Gabriela. Evita gelado e usa a pasta que indicamos.
        < Tá bom, se não passar eu volto
        > Combinado, estamos aqui.
        """,
        tick="UNCONFIRMED",
    ),
    Talk(
        "Roberto Salles",
        "5521998869983",
        4 * DAY,
        """
        < Segue o vídeo do joelho estalando
        <[video]
        > Recebido! O dr. Fábio viu e quer te examinar. Amanhã às 15h?
        < Estarei aí
        """,
    ),
    Talk(
        "Teresa Cristina",
        "5521987758872",
        4 * DAY + 6 * HOUR,
        """
        < Boa tarde, minha filha pode pegar o exame por mim?
        > Pode, dona Teresa. Ela só precisa do seu protocolo e de um documento.
        <[contacts] Bárbara (filha)
        > Anotei o contato da Bárbara. Tudo certo!
        < Obrigada, querida
        """,
        is_closed=True,
    ),
    Talk(
        "Vítor Hugo Peixoto",
        "5521976647761",
        5 * DAY,
        """
        <[button] Confirmar consulta
        > Consulta confirmada, Vítor! Terça, 14h, com a dra. Sílvia.
        < 👍
        > Até terça!
        """,
    ),
    Talk(
        "Miguel Ferrão",
        "351912345670",
        5 * DAY + 5 * HOUR,
        """
        < Boa tarde, estou de férias no Rio e parti um dente. Atendem turistas?
        > Boa tarde, Miguel! Atendemos, sim. Consegue vir hoje às 17h?
        < Consigo. Muito obrigado!
        > Esperamos por si 🙂
        """,
        tick="DELIVERED",
    ),
    Talk(
        "Elisa Brandão",
        "5521965536650",
        6 * DAY,
        """
        < Oi, quero dar os parabéns pela equipe da recepção
        > Elisa, que mensagem linda! Vou ler para todos na reunião.
        < Merecem!
        """,
        is_closed=True,
    ),
    Talk(
        "Nelson Amaral",
        "5521954425549",
        6 * DAY + 9 * HOUR,
        """
        <[unsupported]
        > Oi, seu Nelson! O que o senhor mandou não abriu aqui. Pode ligar ou escrever?
        < Queria saber o horário de sábado
        > Sábado abrimos das 7h ao meio-dia.
        < Certo. Até sábado
        """,
    ),
]
