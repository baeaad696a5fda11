"""More of Loja Acme's customers: everything that WhatsApp can bring and show."""

from config.demo.seed.talk import DAY, HOUR, MINUTE, Talk

TALKS = [
    Talk(
        "Renata Vieira",
        "5511998123344",
        15 * MINUTE,
        """
        < Vi o anúncio do abajur Lua. Ainda tem? {ad}
        > Oi, Renata! Tem sim, em três cores.
        < E esse aqui, é a mesma cerâmica? {product LA-377}
        > É a mesma, feita pelo mesmo ateliê ❤️ {quotes 1} {them 😍}
        <[image] Quero igual ao dessa foto {post}
        < Minha irmã mandou isto, é verdade? Compre 2 e leve 3 {forwarded often}
        > Não é nosso, não. Pode ignorar. {quotes 1}
        < Ufa! E o endereço da loja? {forwarded}
        >[location:named] Loja Acme Jardins, Alameda Lorena, 1200, São Paulo
        <[location:named] Casa da Renata, Rua Oscar Freire, 500, São Paulo {us 👍}
        """,
        unread=1,
    ),
    Talk(
        "Marcelo Pires",
        "5511997014455",
        35 * MINUTE,
        """
        < Queria um projeto pra minha sala
        >[interactive:flow] Ótimo! Preenche pra gente com as medidas?
        <[interactive:flow] Comprimento=4,20 m; Largura=3,10 m; Estilo=Escandinavo {quotes 1}
        >[interactive:link] Seu projeto ficou pronto. Dá uma olhada:
        < Amei!
        >[interactive:list] Que dia podemos medir?
        <[interactive] Sexta-feira {quotes 1}
        >[interactive:buttons] Pode ser às 10h?
        <[interactive:button] Sim, pode {quotes 1}
        >[interactive:place] Me manda o endereço por aqui?
        <[location] Rua Cotoxó, 303, São Paulo
        >[interactive:number] E um telefone para o técnico ligar?
        <[contacts:whole] Marcelo Pires
        <[interactive:call] accept
        """,
        unread=2,
    ),
    Talk(
        "Isabela Campos",
        "5511996022211",
        50 * MINUTE,
        """
        < Tenho duas dúvidas sobre a mesa Ipê {was Tenho uma dúvida sobre a mesa Ipê}
        < Ela riska fácil? {revoked}
        < Ela risca fácil?
        > Não, o verniz é fosco e resistente. {us ✨} {them 🙏}
        <[unsupported:gif]
        <[unsupported:poll_creation]
        <[unsupported:location]
        <[hologram] 3D
        > Essas últimas não abriram aqui, Isabela. Pode mandar por escrito?
        < Era só o gato na mesa kkkk. Segunda dúvida: cabe em elevador?
        > Cabe, os pés são removíveis. {quotes 1}
        < Perfeito! {us ❤️}
        """,
        tick="DELIVERED",
    ),
    Talk(
        "Otávio Nunes",
        "5511995566778",
        2 * HOUR + 20 * MINUTE,
        """
        <[request_welcome]
        < Boa tarde, é aqui que agenda montagem?
        > É aqui mesmo, Otávio! Qual é o pedido?
        < 48190
        <[system:number] 5511995566778
        < Troquei de número, podem anotar esse
        <[system:identity] User identity changed
        > Anotado! A montagem ficou para sábado, às 9h.
        """,
        old_wa_id="5511940028922",
    ),
    Talk(
        "@casa.da.bia",
        "BR.1349120865530274191",
        4 * HOUR,
        """
        < Oi! Vocês trabalham com permuta? Tenho um perfil de decoração
        > Oi! Trabalhamos sim. Me manda seu mídia kit?
        <[document] midia-kit-2026.pdf
        > Recebido, vou passar para o marketing 😊
        """,
        tick="DELIVERED",
    ),
    Talk(
        "Helena Prado",
        "5511993217788",
        6 * HOUR,
        """
        < Oi, comprei um espelho ontem
        >[template:pedido_saiu] Helena, 48277
        <[button] Falar com alguém {quotes 1}
        > Oi, Helena! Em que posso ajudar?
        < Só queria confirmar o horário, já vi no link. Obrigada!
        ---
        >[template:cupom_de_volta] Helena
        <[button] Parar promoções {quotes 1}
        > Claro, não mando mais promoções. Obrigada por avisar!
        """,
    ),
    Talk(
        "Ricardo Moura",
        "5511992345671",
        8 * HOUR,
        """
        < Bom dia, ainda dá tempo de trocar a cor do sofá?
        > Bom dia! Sou eu, o Beto, pelo celular da loja. Dá sim {app}
        > Qual cor você quer, Ricardo? {app} {was Qual cor vc quer?}
        > Áudio errado, desculpa {app} {revoked}
        >[image:wall] Esse verde? {app}
        < Esse! {us 👏}
        > Trocado. A entrega continua no dia 12.
        """,
    ),
    Talk(
        "Sônia Batista",
        "5511991122334",
        9 * HOUR,
        """
        < Oi, quanto custa a luminária de piso?
        > R$ 689, e hoje com frete grátis.
        >[template:novidades] Sônia {failed 131049}
        >[template:oferta_relampago] Sônia {failed 130472}
        >[image] Ela montada na vitrine {failed 131053}
        < Chegou só a primeira mensagem
        > Vou mandar por e-mail, Sônia.
        """,
        tick="SENT",
    ),
    Talk(
        "Cláudia Reis",
        "5511990876512",
        11 * HOUR,
        """
        <[sticker]
        <[audio] {us 👂}
        > Ouvi! Vou ver com o estoque. {quotes 1}
        <[audio:jingle]
        <[video] Ficou assim depois de montada
        <[image:bowl]
        <[document] manual-da-mesa.pdf
        <[location]
        <[contacts] Zé Montador, Ana Vidraceira
        <[order] Para entregar junto, por favor
        > Quanta coisa boa, Cláudia! Tudo anotado 😄
        <[image:gone] Esta foto o WhatsApp já apagou
        """,
        unread=3,
    ),
    Talk(
        "Jorge Paiva",
        "5511989765430",
        DAY + 12 * HOUR,
        """
        < Recebi a promoção, mas não quero mais
        < SAIR
        > Combinado, Jorge, tirei você da lista.
        """,
        is_closed=True,
    ),
    Talk(
        "Daniela Freitas",
        "5511988654329",
        DAY + 15 * HOUR,
        """
        < Vocês têm lista de casamento?
        > Temos! Posso criar a sua?
        < Pode, casamos em maio
        >[template:novidades] Daniela {failed 131050}
        > Criada! Mando o link assim que você escolher os itens.
        """,
        tick="DELIVERED",
    ),
]
